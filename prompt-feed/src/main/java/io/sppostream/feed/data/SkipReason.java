package io.sppostream.feed.data;

/** Why a row of a data file is no problem to train on. */
enum SkipReason {
    NOT_JSON("not JSON"),
    NO_PROMPT("no prompt"),
    NO_ANSWER("no answer"),
    MALFORMED_PROMPT("malformed prompt"),
    PROMPT_TOO_LONG("prompt too long");

    private final String label;

    SkipReason(String label) {
        this.label = label;
    }

    /** The reason in the words of reports. */
    String label() {
        return label;
    }
}
