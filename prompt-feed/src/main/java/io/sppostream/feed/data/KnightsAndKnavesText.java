package io.sppostream.feed.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Knights and knaves in English, with three people, for instruction-tuned models. The response ends with the roles in
 * {@code <answer>} tags. A problem has the id of the same puzzle among the {@link KnightsAndKnaves}, and is held out if
 * that one is: a held-out puzzle is not trained on under other names.
 */
public final class KnightsAndKnavesText {
    /** Name of the dataset. */
    public static final String NAME = "knights-and-knaves-text";

    private static final int PEOPLE = 3;
    private static final long SEED = 1;
    private static final int TRAINING = 5_000;
    private static final int HELD_OUT = 200;

    private static final List<String> NAMES = List.of(
            "Ada", "Bruno", "Chloe", "Dmitri", "Elena", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Keiko", "Lars",
            "Mina", "Nadia", "Omar", "Priya", "Quentin", "Rosa", "Sven", "Tomas", "Ulla", "Viktor", "Wanda", "Yusuf");

    private KnightsAndKnavesText() {}

    /** 5,000 training problems and 200 held-out ones. */
    public static Dataset dataset() {
        return generate(SEED, TRAINING, HELD_OUT);
    }

    static Dataset generate(long seed, int training, int heldOut) {
        return GeneratedDataset.of(NAME, seed, training, heldOut, List.of(KnightsAndKnavesText::problem));
    }

    private static Problem problem(Random random) {
        KnightsAndKnavesPuzzle puzzle = KnightsAndKnavesPuzzle.random(random, PEOPLE);
        List<String> shuffled = new ArrayList<>(NAMES);
        Collections.shuffle(shuffled, random);
        List<String> names = shuffled.subList(0, PEOPLE);
        String said = IntStream.range(0, PEOPLE)
                .mapToObj(speaker -> says(names, speaker, puzzle.statements().get(speaker)))
                .collect(Collectors.joining("\n"));
        String question = question(names, said);
        String roles = IntStream.range(0, PEOPLE)
                .mapToObj(person -> names.get(person) + " is a " + role(puzzle.isKnight(person)))
                .collect(Collectors.joining(", "));
        return Problem.asked(KnightsAndKnaves.prompt(puzzle), question, roles)
                .solvedBy("<answer>" + roles + "</answer>", "");
    }

    private static String question(List<String> names, String said) {
        return """
                On an island, everyone is either a knight or a knave. Whatever a knight says is true, and whatever a knave \
                says is false. You talk to three islanders: %1$s, %2$s and %3$s.

                %4$s

                Find out who is a knight and who is a knave. Think step by step. Then give the role of each of the three, \
                once, on a last line of this form, with the right roles:
                <answer>%1$s is a knight/knave, %2$s is a knight/knave, %3$s is a knight/knave</answer>""".formatted(names.get(0), names.get(1), names.get(2), said);
    }

    private static String says(List<String> names, int speaker, Statement statement) {
        String text = text(names, speaker, statement);
        return names.get(speaker) + " says: \"" + text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1)
                + ".\"";
    }

    private static String text(List<String> names, int speaker, Statement statement) {
        if (statement instanceof Statement.Role role) {
            String person = role.person() == speaker ? "I am" : names.get(role.person()) + " is";
            return person + " a " + role(role.knight());
        }
        if (statement instanceof Statement.Not not) {
            return "it is not true that " + text(names, speaker, not.atom());
        }
        Statement.Joined joined = (Statement.Joined) statement;
        String left = text(names, speaker, joined.left());
        String right = text(names, speaker, joined.right());
        return switch (joined.connective()) {
            case AND -> left + ", and " + right;
            case OR -> left + ", or " + right + ", or both";
            case IF_THEN -> "if " + left + ", then " + right;
            case IF_AND_ONLY_IF -> left + " if and only if " + right;
        };
    }

    private static String role(boolean knight) {
        return knight ? "knight" : "knave";
    }
}
