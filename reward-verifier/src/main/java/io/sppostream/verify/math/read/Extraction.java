package io.sppostream.verify.math.read;

/** Where a response has its answer. Each way finds one candidate at most: a grader that took any of several would reward guessing. */
public enum Extraction {
    /** The last box; without a box, the rest of the line after the last {@code Answer:} or {@code answer is:}. */
    MARKED,
    /** As {@link #MARKED}, but without a box the rest of the line after the last {@code ####} comes first. */
    MARKED_OR_HASHES,
    /** The number right after the last {@code ####}, with nothing but words after it on its line. */
    NUMBER_AFTER_HASHES,
    /** The last number of the response, if it stands by itself. */
    LAST_NUMBER,
    /** What stands between "The final answer is" and "I hope it is correct", as the prompt of Minerva asks for. */
    FINAL_ANSWER,
    /**
     * The last box; without a box, what the last sentence such as "the answer is 7" announces; without such a sentence,
     * the last expression.
     */
    ANYWHERE
}
