"""`xinqian demo`: the main job from a clean state, checked by us and by implementations not ours."""
