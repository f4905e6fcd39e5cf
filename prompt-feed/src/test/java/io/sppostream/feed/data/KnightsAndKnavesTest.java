package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.feed.data.Statement.Connective;
import io.sppostream.feed.data.Statement.Joined;
import io.sppostream.feed.data.Statement.Not;
import io.sppostream.feed.data.Statement.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KnightsAndKnavesTest {
    private static final Dataset SMALL = KnightsAndKnaves.generate(1, 200, 20);

    private static Stream<Problem> all(Dataset dataset) {
        return Stream.concat(dataset.training().stream(), dataset.heldOut().stream());
    }

    /** Reads a statement in prefix notation and evaluates it; independent of the generator. */
    private static boolean holds(String statement, String roles) {
        int[] at = {0};
        boolean value = holds(statement, roles, at);
        assertThat(at[0]).as(statement).isEqualTo(statement.length());
        return value;
    }

    private static boolean holds(String statement, String roles, int[] at) {
        char symbol = statement.charAt(at[0]++);
        if (symbol == 'k' || symbol == 'n') {
            return roles.charAt(statement.charAt(at[0]++) - 'A') == symbol;
        }
        boolean left = holds(statement, roles, at);
        if (symbol == '!') {
            return !left;
        }
        boolean right = holds(statement, roles, at);
        return switch (symbol) {
            case '&' -> left && right;
            case '|' -> left || right;
            case '>' -> !left || right;
            case '=' -> left == right;
            default -> throw new AssertionError(statement);
        };
    }

    /** All solutions of a prompt such as {@code A>kBnA,BnA?}, by trying every assignment. */
    private static List<String> solutions(String prompt) {
        String[] said = prompt.substring(0, prompt.length() - 1).split(",", -1);
        List<String> solutions = new ArrayList<>();
        for (int assignment = 0; assignment < 1 << said.length; assignment++) {
            String roles = KnightsAndKnaves.roles(said.length, assignment);
            boolean agrees = true;
            for (int person = 0; person < said.length; person++) {
                assertThat(said[person].charAt(0)).isEqualTo((char) ('A' + person));
                agrees &= holds(said[person].substring(1), roles) == (roles.charAt(person) == 'k');
            }
            if (agrees) {
                solutions.add(roles);
            }
        }
        return solutions;
    }

    @Test
    void shouldHaveExactlyOneSolution() {
        all(SMALL)
                .forEach(problem -> assertThat(
                                solutions(problem.messages().get(0).getContent()))
                        .containsExactly(problem.reference()));
    }

    @Test
    void shouldSearchInOrderAndBackUpOnConflicts() {
        // A: "If B is a knight, then I am a knave." B: "A is a knave."
        KnightsAndKnavesPuzzle puzzle = new KnightsAndKnavesPuzzle(
                List.of(new Joined(Connective.IF_THEN, new Role(1, true), new Role(0, false)), new Role(0, false)), 1);

        assertThat(KnightsAndKnaves.prompt(puzzle)).isEqualTo("A>kBnA,BnA?");
        assertThat(solutions("A>kBnA,BnA?")).containsExactly("kn");
        assertThat(KnightsAndKnaves.search(puzzle)).isEqualTo("k;kkA>kB1nA0-;knA>kB0nA0+BnA0+#kn");
    }

    @Test
    void shouldEndInTheSolutionAfterNodesThatEndAtAConflict() {
        all(SMALL).forEach(problem -> {
            String[] parts = problem.solution().split("#", -1);
            assertThat(parts).hasSize(2);
            assertThat(parts[1]).isEqualTo(problem.reference());
            String[] nodes = parts[0].split(";", -1);
            assertThat(nodes).doesNotHaveDuplicates();
            assertThat(nodes[nodes.length - 1]).startsWith(problem.reference()).doesNotContain("-");
            for (String node : nodes) {
                assertThat(node.substring(0, node.length() - 1)).doesNotContain("-");
            }
        });
    }

    @Test
    void shouldRestateStatementsWithTheirTruth() {
        Pattern check = Pattern.compile("([A-E])([!&|>=]?(?:[kn][A-E][01])+)([-+])");
        Pattern atom = Pattern.compile("([kn])([A-E])([01])");
        all(SMALL).forEach(problem -> {
            for (String node : problem.solution().split("#", -1)[0].split(";", -1)) {
                String roles = node.replaceFirst("[A-E].*", "");
                Matcher checks = check.matcher(node);
                while (checks.find()) {
                    String statement = checks.group(2).replaceAll("[01]", "");
                    boolean knight = roles.charAt(checks.group(1).charAt(0) - 'A') == 'k';
                    assertThat("," + problem.id()).contains("," + checks.group(1) + statement);
                    assertThat(checks.group(3)).as(node).isEqualTo(holds(statement, roles) == knight ? "+" : "-");
                    Matcher atoms = atom.matcher(checks.group(2));
                    while (atoms.find()) {
                        boolean holds = roles.charAt(atoms.group(2).charAt(0) - 'A')
                                == atoms.group(1).charAt(0);
                        assertThat(atoms.group(3)).as(node).isEqualTo(holds ? "1" : "0");
                    }
                }
            }
        });
    }

    @Test
    void shouldTellTheTierByTheNumberOfPeople() {
        all(SMALL).forEach(problem -> {
            int people = problem.reference().length();
            assertThat(problem.tier()).isEqualTo(people <= 3 ? KnightsAndKnaves.FEW : KnightsAndKnaves.MANY);
            assertThat(people).isBetween(2, 5);
            assertThat(problem.solution().length() + 1)
                    .as("tokens with the end token")
                    .isBetween(20, 180);
        });
    }

    @Test
    void shouldNotLetAnyoneSayThatTheyAreAKnave() {
        all(SMALL).forEach(problem -> {
            String[] said = problem.id().split(",", -1);
            for (String statement : said) {
                assertThat(statement.substring(1)).doesNotContain("n" + statement.charAt(0));
            }
        });
    }

    /** "B is a knight and B is a knave" would say nothing about anyone. */
    @Test
    void shouldJoinAtomsAboutDifferentPeople() {
        all(SMALL).forEach(problem -> assertThat(problem.id()).doesNotContainPattern("[kn]([A-E])[kn]\\1"));
    }

    @Test
    void shouldNeverTrainOnAHeldOutPuzzle() {
        assertThat(SMALL.training()).noneMatch(GeneratedDataset::isHeldOut);
        assertThat(SMALL.heldOut()).allMatch(GeneratedDataset::isHeldOut);
        assertThat(SMALL.training()).hasSize(400).doesNotContainAnyElementsOf(SMALL.heldOut());
    }

    @Test
    void shouldBeAFunctionOfTheSeed() {
        assertThat(KnightsAndKnaves.generate(1, 200, 20)).isEqualTo(SMALL);
        assertThat(KnightsAndKnaves.generate(2, 200, 20)).isNotEqualTo(SMALL);
    }

    /** Recorded runs and shipped checkpoints name the dataset, so what it holds must not drift. */
    @Test
    void shouldHoldTheProblemsItAlwaysHeld() {
        assertThat(SMALL.training().get(0).id()).isEqualTo("A|nBkA,BkA?");
    }

    @Test
    void shouldDrawNegationsAndAllConnectives() {
        assertThat(all(SMALL).map(Problem::id).reduce("", String::concat)).contains("!", "&", "|", ">", "=");
        assertThat(new Not(new Role(0, true)).holds(1)).isFalse();
    }
}
