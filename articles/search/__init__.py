"""Finding an article, a person or a number by a word that one can hardly spell."""
