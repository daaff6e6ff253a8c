def agent_templates(random, spans, spans_per_request, mean_bytes):
    raise NotImplementedError
