package io.sppostream.run.config;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.Combination.Rule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The verifiers of a dataset, as a configuration writes them in one line: the name of a verifier or a combination of
 * several, and the shadows, which judge and are not rewarded. Examples: {@code math}, {@code all(math, length),
 * shadow(judge)}, {@code weighted(math=0.8, length=0.2)}.
 *
 * @param combination of the verifiers that reward
 * @param shadows names of the others
 */
record RewardExpression(Combination combination, List<String> shadows) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_:-]+");
    private static final Pattern TERM = Pattern.compile("\\s*([A-Za-z0-9_:-]+)\\s*(?:\\(([^()]*)\\)\\s*)?(?:,|$)");
    private static final String SHADOW = "shadow";
    private static final Map<String, Rule> RULES = Stream.of(Rule.values())
            .collect(Collectors.toUnmodifiableMap(rule -> rule.name().toLowerCase(Locale.ROOT), rule -> rule));

    RewardExpression {
        shadows = List.copyOf(shadows);
    }

    /**
     * Reads an expression.
     *
     * @throws IllegalArgumentException naming the mistake in it
     */
    static RewardExpression parse(String text) {
        List<Combination> live = new ArrayList<>();
        List<String> shadows = new ArrayList<>();
        Matcher term = TERM.matcher(text);
        int end = 0;
        while (end < text.length()) {
            if (!term.find(end) || term.start() != end) {
                throw new IllegalArgumentException("'" + text + "' is not a verifier: write a name, or"
                        + " first|all|any(NAME, ...), or weighted(NAME=WEIGHT, ...), then , shadow(NAME, ...)");
            }
            end = term.end();
            String name = term.group(1);
            String arguments = term.group(2);
            if (arguments == null) {
                live.add(Combination.of(name));
            } else if (name.equals(SHADOW)) {
                shadows.addAll(names(arguments));
            } else {
                live.add(combination(name, arguments));
            }
        }
        if (live.size() != 1) {
            throw new IllegalArgumentException("'" + text + "' rewards by "
                    + (live.isEmpty() ? "no verifier" : "several verifiers: say how, as all(...) or any(...)"));
        }
        for (String shadow : shadows) {
            if (live.get(0).verifiers().contains(shadow) || shadows.indexOf(shadow) != shadows.lastIndexOf(shadow)) {
                throw new IllegalArgumentException("'" + text + "' names " + shadow + " twice");
            }
        }
        return new RewardExpression(live.get(0), shadows);
    }

    private static Combination combination(String name, String arguments) {
        Rule rule = RULES.get(name);
        if (rule == null) {
            throw new IllegalArgumentException(
                    "there is no rule '" + name + "' to combine verifiers by; there are: first, all, any, weighted");
        }
        if (rule != Rule.WEIGHTED) {
            return new Combination(rule, names(arguments), List.of());
        }
        List<String> names = new ArrayList<>();
        List<Double> weights = new ArrayList<>();
        for (String argument : arguments.split(",", -1)) {
            String[] parts = argument.split("=", -1);
            names.add(name(parts[0]));
            weights.add(weight(argument, parts));
        }
        return new Combination(rule, names, weights);
    }

    private static double weight(String argument, String[] parts) {
        try {
            if (parts.length == 2) {
                return Double.parseDouble(parts[1].strip());
            }
        } catch (NumberFormatException e) {
            // Reported below.
        }
        throw new IllegalArgumentException("'" + argument.strip() + "' of weighted is not NAME=WEIGHT");
    }

    private static List<String> names(String arguments) {
        return Stream.of(arguments.split(",", -1)).map(RewardExpression::name).toList();
    }

    private static String name(String text) {
        String name = text.strip();
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("'" + name + "' is not the name of a verifier");
        }
        return name;
    }
}
