package io.sppostream.model;

/**
 * The white space of Jinja templates, as transformers configures it: {@code trim_blocks}, {@code lstrip_blocks}, no
 * trailing newline, and the markers {@code -} and {@code +}. Jinjava differs in all of them, so white space is
 * resolved, and the markers removed, before it sees a template. Stateless.
 */
final class JinjaWhitespace {

    private JinjaWhitespace() {}

    /**
     * Rewrites a template so that it renders without white-space rules as the original does with those of transformers.
     *
     * @throws CheckpointException if a tag is not closed
     */
    static String resolve(String template) {
        // Jinja drops one newline at the end of a template.
        String source = template.endsWith("\n") ? template.substring(0, template.length() - 1) : template;
        StringBuilder out = new StringBuilder(source.length());
        int at = 0;
        boolean strip = false;
        boolean trim = false;
        while (at < source.length()) {
            int open = nextTag(source, at);
            String text = source.substring(at, open);
            if (strip) {
                text = text.stripLeading();
            } else if (trim && text.startsWith("\n")) {
                text = text.substring(1);
            }
            if (open == source.length()) {
                return out.append(text).toString();
            }
            char kind = source.charAt(open + 1);
            int close = end(source, open, kind);
            char before = source.charAt(open + 2);
            char after = source.charAt(close - 1);
            if (before == '-') {
                text = text.stripTrailing();
            } else if (before != '+' && kind != '{') {
                text = withoutIndent(text, at == 0 || source.substring(at, open).indexOf('\n') >= 0);
            }
            out.append(text);
            boolean marked = close - 1 > open + 2 && (after == '-' || after == '+');
            if (kind != '#') {
                out.append('{')
                        .append(kind)
                        .append(source, open + (before == '-' || before == '+' ? 3 : 2), marked ? close - 1 : close)
                        .append(source, close, close + 2);
            }
            strip = marked && after == '-';
            trim = kind != '{' && !(marked && after == '+');
            at = close + 2;
        }
        return out.toString();
    }

    /**
     * Removes the indentation before a block that is the first element of its line.
     *
     * @param lineBeginsHere whether a text that consists of blanks begins a line
     */
    private static String withoutIndent(String text, boolean lineBeginsHere) {
        int end = text.length();
        while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
            end--;
        }
        boolean first = end == 0 ? lineBeginsHere : text.charAt(end - 1) == '\n';
        return first ? text.substring(0, end) : text;
    }

    private static int nextTag(String source, int from) {
        for (int i = from; i + 1 < source.length(); i++) {
            char next = source.charAt(i + 1);
            if (source.charAt(i) == '{' && (next == '{' || next == '%' || next == '#')) {
                return i;
            }
        }
        return source.length();
    }

    /** The index of a tag's closing delimiter; delimiters in quotes are skipped. */
    private static int end(String source, int open, char kind) {
        char closing = kind == '{' ? '}' : kind;
        char quote = 0;
        for (int i = open + 2; i + 1 < source.length(); i++) {
            char c = source.charAt(i);
            if (quote != 0) {
                if (c == '\\') {
                    i++;
                } else if (c == quote) {
                    quote = 0;
                }
            } else if (kind != '#' && (c == '\'' || c == '"')) {
                quote = c;
            } else if (c == closing && source.charAt(i + 1) == '}') {
                return i;
            }
        }
        throw new CheckpointException("The chat template is not valid Jinja: no end to the tag at character " + open
                + ": " + source.substring(open, Math.min(open + 40, source.length())));
    }
}
