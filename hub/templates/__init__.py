"""Content of messages: templates and their rendering."""
