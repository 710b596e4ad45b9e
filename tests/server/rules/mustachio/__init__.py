"""The template language, case by case."""
