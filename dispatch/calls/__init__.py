"""The call: its state, events, stages, rooms, presence and chat."""
