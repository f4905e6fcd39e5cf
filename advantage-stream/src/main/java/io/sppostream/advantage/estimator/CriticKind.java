package io.sppostream.advantage.estimator;

/** What an estimator needs a critic for. */
public enum CriticKind {
    /** There is no critic. */
    NONE,
    /** The value of the prompt. */
    PROMPT,
    /** The value before every response token. */
    TOKEN
}
