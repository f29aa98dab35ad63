"""The page, and the API behind it: the only folder that knows Starlette, uvicorn and Prometheus."""
