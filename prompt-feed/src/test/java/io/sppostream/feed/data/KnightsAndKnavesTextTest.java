package io.sppostream.feed.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class KnightsAndKnavesTextTest {
    private static final Dataset SMALL = KnightsAndKnavesText.generate(1, 300, 30);

    @Test
    void shouldNameThreeDifferentPeopleWithARoleEach() {
        Stream.concat(SMALL.training().stream(), SMALL.heldOut().stream()).forEach(problem -> {
            String[] roles = problem.reference().split(", ", -1);
            assertThat(roles).hasSize(3);
            Set<String> names = new HashSet<>();
            for (String role : roles) {
                assertThat(role).matches("[A-Z][a-z]+ is a (knight|knave)");
                String name = role.substring(0, role.indexOf(' '));
                assertThat(problem.messages().get(0).getContent()).contains(name + " says: \"");
                names.add(name);
            }
            assertThat(names).hasSize(3);
            assertThat(problem.solution()).isEqualTo("<answer>" + problem.reference() + "</answer>");
        });
    }

    @Test
    void shouldSayInWordsWhatThePuzzleSays() {
        Problem problem = SMALL.training().get(0);

        assertThat(problem.id()).isEqualTo("AnC,B!nC,C&nBnA?");
        assertThat(problem.messages().get(0).getContent()).isEqualTo("""
                On an island, everyone is either a knight or a knave. Whatever a knight says is true, and whatever a knave \
                says is false. You talk to three islanders: Viktor, Sven and Jonas.

                Viktor says: "Jonas is a knave."
                Sven says: "It is not true that Jonas is a knave."
                Jonas says: "Sven is a knave, and Viktor is a knave."

                Find out who is a knight and who is a knave. Think step by step. Then give the role of each of the three, \
                once, on a last line of this form, with the right roles:
                <answer>Viktor is a knight/knave, Sven is a knight/knave, Jonas is a knight/knave</answer>""");
    }

    /** A puzzle under other names is the same puzzle. */
    @Test
    void shouldHoldOutTheSamePuzzlesAsTheCompactNotation() {
        assertThat(SMALL.training()).noneMatch(GeneratedDataset::isHeldOut);
        assertThat(SMALL.heldOut()).allMatch(GeneratedDataset::isHeldOut);
        assertThat(SMALL.training().stream().map(Problem::id).collect(Collectors.toSet()))
                .hasSize(300)
                .doesNotContainAnyElementsOf(KnightsAndKnaves.generate(1, 100, 100).heldOut().stream()
                        .map(Problem::id)
                        .toList());
    }

    @Test
    void shouldBeAFunctionOfTheSeed() {
        assertThat(KnightsAndKnavesText.generate(1, 300, 30)).isEqualTo(SMALL);
        assertThat(KnightsAndKnavesText.generate(2, 300, 30)).isNotEqualTo(SMALL);
    }
}
