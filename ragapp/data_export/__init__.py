"""A person downloads what the site holds of them: ``views`` sends what ``archive`` writes."""
