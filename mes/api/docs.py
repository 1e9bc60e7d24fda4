"""The OpenAPI document, and a page that shows it without any script."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiJsonRenderer2, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

METHODS = ("get", "post", "put", "patch", "delete")


class KeyScheme(OpenApiAuthenticationExtension):
    """How the document tells about API keys."""

    target_class = "mes.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The header."""
        text = "Authorization: Token KEY"
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}


@cache
def document(language: str | None) -> dict[str, Any]:
    """The OpenAPI document in a language; of the code alone, so it is made once (more than a second) and kept."""
    made: dict[str, Any] = SchemaGenerator(urlconf=settings.ROOT_URLCONF).get_schema(request=None, public=True)
    return made


class SchemaView(APIView):
    """The OpenAPI document as JSON or YAML, for whoever is signed in or has a key of any scope: it names no plant."""

    permission_classes = [IsAuthenticated]
    renderer_classes = [OpenApiJsonRenderer2, OpenApiJsonRenderer, OpenApiYamlRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The whole document."""
        return Response(document(get_language()), headers={"Content-Disposition": 'inline; filename="openapi"'})


@login_required
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every address with its parameters, body and answers."""
    schema = document(get_language())
    return render(request, "api/docs.html", {"groups": _groups(schema), "info": schema["info"]})


def _groups(schema: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Operations by resource, in the order of the document."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                groups.setdefault(path.split("/")[3], []).append(_operation(schema, path, method, operations[method]))
    return sorted(groups.items())


def _operation(schema: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = []
    for status, answer in sorted(operation["responses"].items()):
        content = answer.get("content", {}).get("application/json", {}).get("schema") if status < "300" else None
        answers.append((status, answer.get("description", ""), _fields(schema, content)))
    return {
        "method": method.upper(),
        "path": path,
        "text": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "body": _fields(schema, body),
        "answers": answers,
    }


def _fields(schema: dict[str, Any], node: dict[str, Any] | None, depth: int = 0) -> list[tuple[str, str, str]]:
    """Name, type and meaning of a body's fields; nested ones with a dotted name, three levels deep."""
    found: list[tuple[str, str, str]] = []
    resolved = _resolve(schema, node)
    if resolved.get("type") == "array":
        return [(f"[].{n}" if n else "[]", t, d) for n, t, d in _fields(schema, resolved["items"], depth)]
    for name, inner in resolved.get("properties", {}).items():
        shape = _resolve(schema, inner)
        kind = shape.get("format") or shape.get("type") or "any"
        found.append((name, kind + (", may be null" if shape.get("nullable") else ""), shape.get("description", "")))
        if depth < 3:
            found += [(f"{name}.{n}".replace(".[]", "[]"), t, d) for n, t, d in _fields(schema, shape, depth + 1)]
    return found


def _resolve(schema: dict[str, Any], node: dict[str, Any] | None) -> dict[str, Any]:
    node = node or {}
    for part in (node, *node.get("allOf", []), *node.get("oneOf", [])):
        if "$ref" in part:
            name = part["$ref"].rsplit("/", 1)[-1]
            return {**schema["components"]["schemas"][name], **{k: v for k, v in node.items() if k == "nullable"}}
    return node
