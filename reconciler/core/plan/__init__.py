"""What must change: a pure planner, the guards that refuse a plan, and a plan's renderings."""
