"""Jobs of Slurm that serve backends: started, registered, replaced and stopped (decision 032)."""
