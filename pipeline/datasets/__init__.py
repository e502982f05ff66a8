"""Raw files to prepared data sets: `formats` prepares, `prepared` is what comes out."""
