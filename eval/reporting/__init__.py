"""A verdict as people and machines read it: JSON, JUnit, Markdown, a page, a terminal."""
