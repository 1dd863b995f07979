"""`xinqian demo`: the main job from a clean state, checked by us and by implementations not ours."""

from api.demo.run import run

__all__ = ["run"]
