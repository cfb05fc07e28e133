"""Who was exposed, to what, when: exactly, over the whole journal."""
