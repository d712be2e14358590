"""Exchange with Hugging Face folders: import, export, and the tokenizers of both sides."""
