"""Personal data in a question, found before it leaves for a server outside the organisation.

``detection.find_personal_data`` finds it, ``redaction.redact`` replaces it. No model is called.
"""
