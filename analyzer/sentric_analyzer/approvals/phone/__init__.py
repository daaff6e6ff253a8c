"""The phone: somebody is called by Telnyx, hears the question, may ask back, and answers by keys or in words."""
