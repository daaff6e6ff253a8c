"""A scripted, OpenAI-compatible chat endpoint behind which sits a mind that trusts every text alike.

python model.py
"""

import argparse
import json
from typing import Any

from gullible import next_step, reply, summary
from local_site import Site, serve

HOST = "127.0.0.1"
PORT = 8903


class Model(Site):
    def post(self) -> None:
        request = json.loads(self.body())
        prompt = "\n".join(_text(message) for message in request["messages"] if message["role"] == "user")
        answer = _answer(_properties(request), prompt)
        self.respond(json.dumps(_completion(request["model"], answer)), "application/json")


def _properties(request: dict[str, Any]) -> dict[str, Any]:
    """The fields of the JSON answer that is asked for; none where plain text is."""
    wanted = request.get("response_format", {}).get("json_schema", {}).get("schema", {})
    properties: dict[str, Any] = wanted.get("properties", {})
    return properties


def _answer(properties: dict[str, Any], prompt: str) -> str:
    if "action" in properties:
        return json.dumps(next_step(prompt))
    if "verdict" in properties:  # browser-use asks for an opinion of its own work
        return json.dumps({"reasoning": "The order was placed.", "verdict": True, "failure_reason": ""})
    if "answer" in properties:  # somebody asks about an action on the phone
        return json.dumps({"answer": reply(prompt)})
    return summary(prompt)


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _completion(model: str, content: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-demo",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted chat endpoint that trusts every text alike.")
    parser.add_argument("--port", type=int, default=PORT)
    serve(Model, host=HOST, port=parser.parse_args().port)


if __name__ == "__main__":
    main()
