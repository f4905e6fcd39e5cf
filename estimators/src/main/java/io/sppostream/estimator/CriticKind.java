package io.sppostream.estimator;

/** The values that an estimator needs of a critic. */
public enum CriticKind {
    /** None. */
    NONE,
    /** The value of the prompt. */
    PROMPT,
    /** The value before every response token. */
    TOKEN
}
