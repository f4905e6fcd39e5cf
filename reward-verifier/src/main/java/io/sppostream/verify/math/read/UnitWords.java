package io.sppostream.verify.math.read;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Units of measure. A bare word is a unit only if it is listed here and has at least two letters. In a text command any
 * short phrase is a unit, as in {@code 12\text{ apples}}.
 */
final class UnitWords {
    private static final Map<String, String> CANONICAL = new HashMap<>();

    private static final Set<String> PERCENT = Set.of("percent", "pct", "percentage", "percents");

    /** Words that make a phrase a sentence, a hedge or a list rather than a unit. */
    private static final Set<String> NOT_UNITS = Set.of(
            "and",
            "or",
            "not",
            "no",
            "is",
            "are",
            "if",
            "for",
            "when",
            "where",
            "only",
            "all",
            "any",
            "some",
            "none",
            "either",
            "neither",
            "about",
            "approximately",
            "approx",
            "around",
            "roughly",
            "nearly",
            "almost",
            "maybe",
            "perhaps",
            "possibly",
            "probably",
            "likely",
            "than",
            "to",
            "but",
            "with",
            "such",
            "then",
            "more",
            "less",
            "least",
            "most",
            "undefined",
            "infinity",
            "infinite",
            "true",
            "false",
            "yes",
            "mod",
            "plus",
            "minus",
            "times",
            "half",
            "halves",
            "thirds",
            "fourths",
            "fifths",
            "sixths",
            "eighths",
            "tenths",
            "hundredths",
            "factorial",
            "squared",
            "cubed",
            "choose",
            "below",
            "dozen",
            "dozens",
            "hundreds",
            "thousands",
            "millions",
            "billions",
            "hundred",
            "thousand",
            "million",
            "billion",
            "trillion",
            "each",
            "in");

    private static final Pattern PHRASE = Pattern.compile("[A-Za-z]+\\.?(?:[ -][A-Za-z]+\\.?){0,2}");
    private static final Pattern POWER = Pattern.compile("\\^\\{?([23])\\}?$|([²³])$");

    static {
        unit("mm", "millimeter", "millimetre");
        unit("cm", "centimeter", "centimetre");
        unit("dm", "decimeter", "decimetre");
        unit("m", "meter", "metre");
        unit("km", "kilometer", "kilometre");
        unit("nm", "nanometer", "nanometre");
        unit("inch", "in", "inche");
        unit("foot", "ft", "feet");
        unit("yard", "yd");
        unit("mile", "mi");
        unit("mg", "milligram");
        unit("g", "gram");
        unit("kg", "kilogram");
        unit("lb", "pound");
        unit("oz", "ounce");
        unit("ton", "tonne");
        unit("ml", "mL", "milliliter", "millilitre");
        unit("L", "l", "liter", "litre");
        unit("second", "s", "sec");
        unit("ms", "millisecond");
        unit("minute", "min");
        unit("hour", "h", "hr");
        unit("day");
        unit("week", "wk");
        unit("month");
        unit("year", "yr");
        unit("dollar", "USD");
        unit("cent");
        unit("euro", "EUR");
        unit("degree", "deg");
        unit("radian", "rad");
        unit("mile/hour", "mph");
        unit("km/hour", "kph");
        unit("Hz", "hertz");
        unit("N", "newton");
        unit("J", "joule");
        unit("kJ", "kilojoule");
        unit("W", "watt");
        unit("kW", "kilowatt");
        unit("V", "volt");
        unit("eV", "ev");
        unit("Pa", "pascal");
        unit("MB", "megabyte");
        unit("GB", "gigabyte");
        unit("am", "a.m", "AM", "A.M");
        unit("pm", "p.m", "PM", "P.M");
        unit("", "unit", "square unit", "cubic unit", "sq unit", "units");
    }

    private UnitWords() {}

    private static void unit(String canonical, String... synonyms) {
        CANONICAL.put(canonical, canonical);
        for (String synonym : synonyms) {
            CANONICAL.put(synonym, canonical);
        }
    }

    static boolean isPercent(String word) {
        return PERCENT.contains(word.trim().toLowerCase(Locale.ROOT));
    }

    /** Whether a word or symbol names a unit where one is expected, right after a number. */
    static boolean isKnown(String word) {
        return lookUp(word) != null;
    }

    /** Whether a word outside any text command is a unit. */
    static boolean isBareUnit(String word) {
        return word.length() >= 2 && !word.equals("in") && lookUp(word) != null;
    }

    /**
     * The canonical name of a unit in a text command. Empty for a word without meaning, such as "units"; null if the text
     * is not a unit.
     */
    static @Nullable String inText(String text) {
        String phrase = text.strip();
        String power = "";
        Matcher matcher = POWER.matcher(phrase);
        if (matcher.find()) {
            String digit = matcher.group(1) != null
                    ? matcher.group(1)
                    : (matcher.group(2).equals("²") ? "2" : "3");
            power = "^" + digit;
            phrase = phrase.substring(0, matcher.start());
        }
        if (phrase.matches("[A-Za-z]+(/[A-Za-z]+)+")) {
            StringBuilder joined = new StringBuilder();
            for (String part : phrase.split("/", -1)) {
                joined.append(joined.length() == 0 ? "" : "/").append(canonical(part));
            }
            return joined + power;
        }
        String canonical = lookUp(phrase);
        if (canonical != null) {
            return canonical + power;
        }
        if (!PHRASE.matcher(phrase).matches()) {
            return null;
        }
        String[] words = phrase.split("[ -]", -1);
        for (String word : words) {
            if (NOT_UNITS.contains(word.toLowerCase(Locale.ROOT))) {
                return null;
            }
        }
        if (words.length == 2 && (words[0].equals("square") || words[0].equals("sq"))) {
            return canonical(words[1]) + "^2";
        }
        if (words.length == 2 && (words[0].equals("cubic") || words[0].equals("cu"))) {
            return canonical(words[1]) + "^3";
        }
        if (words.length == 3 && words[1].equals("per")) {
            return canonical(words[0]) + "/" + canonical(words[2]);
        }
        return canonical(phrase) + power;
    }

    /** The canonical name of a word taken to be a unit. */
    static String canonical(String word) {
        String known = lookUp(word);
        return known != null ? known : singular(word.toLowerCase(Locale.ROOT));
    }

    private static @Nullable String lookUp(String word) {
        String bare = word.endsWith(".") ? word.substring(0, word.length() - 1) : word;
        String exact = CANONICAL.get(bare);
        // Case distinguishes short symbols, such as m and M, but not words.
        if (exact != null || bare.length() <= 2) {
            return exact;
        }
        return CANONICAL.get(singular(bare.toLowerCase(Locale.ROOT)));
    }

    private static String singular(String word) {
        return word.length() > 3 && word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
    }
}
