"""What a person would fill in on the pages of the settings and the consoles."""

PERSON = {"identifier": "newcomer"}
CHARTER = {"text_fr": "Vérifiez les réponses.", "publish": "1"}
# An address in a public network, at which nobody is asked.
BACKEND = {
    "name": "GPU",
    "kind": "vllm",
    "is_enabled": "on",
    "base_url": "https://192.0.31.8/v1",
    "max_concurrency": 8,
    "serving_weight": 1,
    "first_byte_timeout_s": 100,
    "read_timeout_s": 50,
    "priority": 1,
    "sensitivity": "restricted",
    "pue": 1.2,
    "wue": 0.1,
    "carbon_gco2e_per_kwh": 32,
    "carbon_date": "2026-01-01",
    "key": "sk-secret",
}
MODEL = {
    "server_id": "lab/one",
    "is_enabled": "on",
    "alias": "one",
    "label": "One",
    "context_window": 4096,
    "total_parameters_b": 8,
    "active_parameters_b": 8,
    "prompt_price": "0.25",
}
JOB_TEMPLATE = {
    "script": "#!/bin/bash\r\ncurl -d token={{token}} {{ register_url }}\r\n",
    "wall_minutes": 60,
    "start_minutes": 10,
    "idle_minutes": 5,
    "networks": "10.20.0.0/16, 127.0.0.1",
    "min_jobs": 0,
    "max_jobs": 2,
    "waiting_per_job": 4,
    "overflow_waiting": 10,
}
QUOTA = {
    "per": "member",
    "measure": "requests",
    "amount": 50,
    "period": "day",
    "warning_percent": 80,
}
RULE = {"audience": "organisation", "role": "member"}
FEED = {"name": "Renater", "url": "https://renater.example/feed", "priority": 10}
