# optimized/
