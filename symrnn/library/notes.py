"""The notes' own data: reviews of three words, reviews of a film, and 'hello' letter by letter."""

ANIMALS = "cat", "mat", "rat"
REVIEWS = (("cat mat rat", 1), ("rat rat mat", 1), ("mat mat cat", 0))

FILM_WORDS = "movie", "was", "good", "bad", "not"
FILM_REVIEWS = (("movie was good", 1), ("movie was bad", 0), ("movie was not good", 0))

LETTERS = "helo"
WORD = "hello"
