"""Materials: lots and serials, what they were made of and where they went, holds, labels."""
