"""The crash-everywhere proof: a flow dies at every moment that the outside can tell apart, and nothing is lost.

A flow gets the proof by registering itself: see `flow.Flow`, and `orders` for an example.
"""
