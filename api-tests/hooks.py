"""What Schemathesis cannot know: which entity the gateway of this run has. A well-formed one becomes that."""

import os
import uuid

import schemathesis


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and isinstance(body.get("entity_id"), str):
        try:
            uuid.UUID(body["entity_id"])
        except ValueError:
            return body
        return {**body, "entity_id": os.environ["ENTITY_ID"]}
    return body
