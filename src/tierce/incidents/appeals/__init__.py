"""Appeals of held professionals, as staff answer them: keep or lift, with a reason in plain words."""
