"""``/v1/models``: the models of the instance of a key."""

from typing import Any

from ninja import Router

from chat.answers.error_messages import user_message
from inference.catalogue import choose_model, offered_models
from inference.offered_models import OfferedModel
from instances.api import ApiError, AsyncApiKeyAuth, KeyRequest
from instances.models import Instance
from instances.tenancy import in_database

router = Router(tags=["OpenAI-compatible"], auth=AsyncApiKeyAuth())


@router.get("/models", summary="The models that answer")
async def list_models(request: KeyRequest) -> dict[str, Any]:
    models = await in_database(offered_models, request.auth.instance)
    return {"object": "list", "data": [_shown(request, model) for model in models]}


@router.get("/models/{path:model_id}", summary="One model")
async def get_model(request: KeyRequest, model_id: str) -> dict[str, Any]:
    return _shown(request, await in_database(find_model, request.auth.instance, model_id))


def find_model(instance: Instance, model_id: str) -> OfferedModel:
    """Return a model that may answer in the instance; raises ApiError for any other.

    "", "default" and the slug of the instance are its default.
    """
    chosen = choose_model(instance, model_id)
    if model_id in (chosen.id, "", "default", instance.slug):
        return chosen
    raise ApiError(404, "model_not_found", user_message("model_not_found"))


def _shown(request: KeyRequest, model: OfferedModel) -> dict[str, Any]:
    created = int(request.auth.instance.created_at.timestamp())
    return {
        "id": model.id,
        "object": "model",
        "created": created,
        "owned_by": "ragapp",
        "abilities": sorted(model.abilities),
        "languages": list(model.languages),
    }
