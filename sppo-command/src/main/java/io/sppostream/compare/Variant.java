package io.sppostream.compare;

import io.sppostream.log.UserException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An estimator with settings of its own, as a line of the comparison.
 *
 * @param name as the table and the figure call it
 * @param estimator the estimator's name
 * @param settings settings in which the variant differs, by their names in the configuration or in the estimator
 */
public record Variant(String name, String estimator, SortedMap<String, String> settings) {
    private static final Pattern FORM = Pattern.compile("(?:([\\w.-]+)=)?([\\w-]+)(?:\\[(.*)])?");

    public Variant {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /**
     * Reads variants, separated by commas: {@code [NAME=]ESTIMATOR[SETTING=VALUE,...]}, for example {@code
     * sppo,grpo[mask=true],dr-grpo=grpo[normalize=false]}. A variant without a name is called what is written.
     *
     * @throws UserException if the text is malformed, or two variants have the same name
     */
    public static List<Variant> parse(String text) {
        List<Variant> variants = new ArrayList<>();
        Map<String, String> byFolder = new HashMap<>();
        for (String word : split(text)) {
            Variant variant = one(word);
            String other = byFolder.put(variant.slug(), variant.name());
            if (other != null) {
                throw new UserException("--estimators: '" + other + "' and '" + variant.name()
                        + "' are too much alike: give each a name, such as a=" + variant.estimator() + "[...]");
            }
            variants.add(variant);
        }
        return List.copyOf(variants);
    }

    private static Variant one(String word) {
        Matcher form = FORM.matcher(word);
        if (!form.matches()) {
            throw new UserException(
                    "--estimators: '" + word + "' is not of the form [NAME=]ESTIMATOR[SETTING=VALUE,...]");
        }
        SortedMap<String, String> settings = new TreeMap<>();
        if (form.group(3) != null) {
            for (String setting : split(form.group(3))) {
                int equals = setting.indexOf('=');
                if (equals < 1) {
                    throw new UserException("--estimators: '" + setting + "' in '" + word + "' is not SETTING=VALUE");
                }
                settings.put(
                        setting.substring(0, equals).strip(),
                        setting.substring(equals + 1).strip());
            }
        }
        return new Variant(form.group(1) == null ? word : form.group(1), form.group(2), settings);
    }

    /** The parts between commas that are outside brackets and parentheses, without space around them. */
    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= text.length(); i++) {
            char c = i == text.length() ? ',' : text.charAt(i);
            depth += c == '[' || c == '(' ? 1 : 0;
            depth -= c == ']' || c == ')' ? 1 : 0;
            if (i == text.length() || (c == ',' && depth == 0)) {
                parts.add(text.substring(start, i).strip());
                start = i + 1;
            }
        }
        return parts;
    }

    /** The name in letters, digits, '_' and '-', for names of runs. */
    String slug() {
        return name.replaceAll("[^A-Za-z0-9_-]+", "-").replaceAll("-+$", "").toLowerCase(Locale.ROOT);
    }
}
