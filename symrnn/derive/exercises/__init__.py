"""Exercises: derivations with blanks to fill in, or with one error to find.

blanks     some factors left blank, and the answers
mistakes   what could go wrong in an equation
slips      one error planted, which changes a gradient
exercise   all of it for an output, and the same in worked numbers
exam       sheets that differ by their seeds, and the key to them
"""

FACTOR, PATH, INDEX, TRANSPOSE = "factor", "path", "index", "transpose"
REVERSED, SIGN, PLUS = "partial", "sign", "plus"

KINDS = {
    FACTOR: "a factor is missing",
    PATH: "a path is missing",
    INDEX: "the value of another step",
    REVERSED: "a partial derivative the wrong way round",
    SIGN: "a wrong sign",
    PLUS: "a plus where a product belongs",
    TRANSPOSE: "a transpose that is missing, or one too many",
}
"""The slips that there are. Nothing here is imported, so that the command line may list them."""
