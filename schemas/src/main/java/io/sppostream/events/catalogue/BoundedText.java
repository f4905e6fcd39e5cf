package io.sppostream.events.catalogue;

/** Shortens text of unknown length before it goes into an event. */
public final class BoundedText {
    /** Most characters kept of a reason in words that may quote its cause. */
    public static final int REASON = 1_000;

    private BoundedText() {}

    /**
     * The text itself if it is short enough; otherwise its beginning and a mark that says how long it was.
     *
     * @param most characters kept
     */
    public static String of(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        boolean splitsPair = most > 0 && Character.isHighSurrogate(text.charAt(most - 1));
        return text.substring(0, splitsPair ? most - 1 : most) + "... [truncated, " + text.length() + " characters]";
    }
}
