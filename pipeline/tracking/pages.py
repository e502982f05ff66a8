"""MLflow's server with pages that open in the view of training, each data set in its own view, and stay there.

MLflow's links leave out which view is open, so that a browser that has chosen none falls back to the pages for language
models, which are empty here; and of an experiment they show neither its metrics nor the best run first. What a browser
keeps are the choices in its storage. This makes them where the user has made none, and again where a view has changed.
"""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from pipeline.tracking import views

if TYPE_CHECKING:
    from fastapi import FastAPI, Request, Response

APP = "sequence-pipeline-pages"  # the entry point in the group `mlflow.app`
CHOICES = {
    "mlflow.workflowType_v1": "machine_learning",
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": True,  # otherwise a chat covers a third of the first page
}
QUERY = {"filter": views.HAS_VIEW, "max_results": 1000}
# Runs before MLflow's own script: the request is therefore one that waits.
SCRIPT = """<script>
(() => {
  for (const [key, value] of Object.entries(CHOICES))
    if (localStorage.getItem(key) === null) localStorage.setItem(key, JSON.stringify(value));
  const request = new XMLHttpRequest();
  request.open("POST", "ajax-api/2.0/mlflow/experiments/search", false);
  request.setRequestHeader("Content-Type", "application/json");
  try { request.send(JSON.stringify(QUERY)); } catch { return; }
  if (request.status !== 200) return;
  for (const { experiment_id: id, tags } of JSON.parse(request.responseText).experiments ?? []) {
    const view = tags.find(({ key }) => key === TAG).value;
    const ours = `sequence-pipeline-view-${id}`;
    if (localStorage.getItem(ours) === view) continue;
    localStorage.setItem(`MLflowLocalStorage-1.1-ExperimentPage-["${id}"]-ReactComponentState`, view);
    localStorage.setItem(ours, view);
  }
})();
</script>"""


def create_app() -> "FastAPI":
    """Return the server's app."""
    from fastapi import FastAPI, Response
    from mlflow.server import fastapi_app

    app: FastAPI = fastapi_app.app
    script = _script().encode()

    @app.middleware("http")
    async def add_choices(request: "Request", answer: "Callable[[Request], Awaitable[Response]]") -> "Response":
        if request.url.path != "/":
            return await answer(request)
        headers = request.scope["headers"]  # without conditions: a browser may keep the page of another server
        request.scope["headers"] = [pair for pair in headers if not pair[0].startswith(b"if-")]
        response = await answer(request)
        page = b"".join([part async for part in response.body_iterator])  # type: ignore[attr-defined]
        content = page.replace(b"<head>", b"<head>" + script, 1)
        return Response(content, response.status_code, media_type="text/html", headers={"Cache-Control": "no-cache"})

    return app


def _script() -> str:
    """Return the script with its values in place of their names."""
    text = SCRIPT
    for name, value in {"CHOICES": CHOICES, "QUERY": QUERY, "TAG": views.TAG}.items():
        text = text.replace(name, json.dumps(value))
    return text
