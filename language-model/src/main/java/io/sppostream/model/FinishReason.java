package io.sppostream.model;

/** Why a completion ended. */
public enum FinishReason {
    /** The policy produced an end token. */
    STOP,
    /** The longest allowed response, or the model's last position, was reached. */
    LENGTH
}
