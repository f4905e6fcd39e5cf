package io.sppostream.estimator;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A setting of an estimator, described so that a command line can print and check it.
 *
 * @param <T> the type of its values
 * @param name lower-case words, separated by dots
 * @param type the name of its type, as printed
 * @param standard its default
 * @param bounds the valid values, for example {@code from 1 to 1024}
 * @param description one sentence
 * @param parser reads a value; empty if the text is not valid
 * @param printer writes a value so that the parser reads it
 */
public record EstimatorSetting<T>(
        String name,
        String type,
        T standard,
        String bounds,
        String description,
        Function<String, Optional<T>> parser,
        Function<T, String> printer) {
    /** An integer between bounds, both inclusive. */
    public static EstimatorSetting<Integer> integer(
            String name, int standard, int least, int most, String description) {
        return new EstimatorSetting<>(
                name,
                "int",
                standard,
                "from " + least + " to " + most,
                description,
                text -> parseInt(text).filter(value -> value >= least && value <= most),
                value -> Integer.toString(value));
    }

    /** A finite number between bounds, both inclusive. */
    public static EstimatorSetting<Double> number(
            String name, double standard, double least, double most, String description) {
        return new EstimatorSetting<>(
                name,
                "double",
                standard,
                "from " + print(least) + " to " + print(most),
                description,
                text -> parseDouble(text).filter(value -> value >= least && value <= most),
                EstimatorSetting::print);
    }

    /** Yes or no. */
    public static EstimatorSetting<Boolean> flag(String name, boolean standard, String description) {
        return new EstimatorSetting<>(
                name,
                "boolean",
                standard,
                "true, false",
                description,
                text -> switch (text.strip()) {
                    case "true" -> Optional.of(true);
                    case "false" -> Optional.of(false);
                    default -> Optional.empty();
                },
                value -> Boolean.toString(value));
    }

    /** One of the constants of an enum, in lower case and with hyphens. */
    public static <E extends Enum<E>> EstimatorSetting<E> choice(String name, E standard, String description) {
        E[] constants = standard.getDeclaringClass().getEnumConstants();
        return new EstimatorSetting<>(
                name,
                "string",
                standard,
                Arrays.stream(constants).map(EstimatorSetting::word).collect(Collectors.joining(", ")),
                description,
                text -> Arrays.stream(constants)
                        .filter(constant -> word(constant).equals(text.strip()))
                        .findFirst(),
                EstimatorSetting::word);
    }

    /** Integers between bounds, separated by hyphens. */
    public static EstimatorSetting<List<Integer>> integers(
            String name, List<Integer> standard, int least, int most, int longest, String description) {
        return new EstimatorSetting<>(
                name,
                "string",
                standard,
                "1 to " + longest + " integers from " + least + " to " + most + ", separated by hyphens",
                description,
                text -> {
                    List<Integer> values = Arrays.stream(text.strip().split("-", -1))
                            .map(part -> parseInt(part).orElse(least - 1))
                            .toList();
                    return values.size() <= longest
                                    && values.stream().allMatch(value -> value >= least && value <= most)
                            ? Optional.of(values)
                            : Optional.empty();
                },
                values -> values.stream().map(String::valueOf).collect(Collectors.joining("-")));
    }

    /** A text that is not empty, in which {@code \n} is a line feed and {@code \t} a tab. */
    public static EstimatorSetting<String> text(String name, String standard, String description) {
        return new EstimatorSetting<>(
                name,
                "string",
                standard,
                "not empty, \\n is a line feed and \\t a tab",
                description,
                text -> text.isEmpty()
                        ? Optional.empty()
                        : Optional.of(text.replace("\\n", "\n").replace("\\t", "\t")),
                value -> value.replace("\n", "\\n").replace("\t", "\\t"));
    }

    /**
     * Reads a value.
     *
     * @throws IllegalArgumentException if it is not valid; the message names the valid values
     */
    public T parse(String text) {
        return parser.apply(text)
                .orElseThrow(() -> new IllegalArgumentException(
                        name + " = " + text + ": not a valid " + type + "; valid are: " + bounds));
    }

    /** The default, as it would be configured. */
    public String printedDefault() {
        return printer.apply(standard);
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Without exponent and trailing zeros. */
    private static String print(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }

    private static Optional<Integer> parseInt(String text) {
        try {
            return Optional.of(Integer.parseInt(text.strip()));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Optional<Double> parseDouble(String text) {
        try {
            return Optional.of(Double.parseDouble(text.strip())).filter(Double::isFinite);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
