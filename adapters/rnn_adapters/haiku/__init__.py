"""haiku"""
FRAMEWORKS = ()
