"""The partial rows of a scope, however many they are."""
