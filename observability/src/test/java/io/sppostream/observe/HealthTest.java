package io.sppostream.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.log.loop.Readiness;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HealthTest {
    private final Health health = new Health();

    @Test
    void shouldBeAliveButNotReadyBeforeAnythingIsChecked() {
        assertThat(health.live().status()).isEqualTo(200);
        assertThat(health.ready().status()).isEqualTo(503);
    }

    @Test
    void shouldBeReadyWhenAllIsReadyAndSaySoByLine() {
        health.check("cluster", () -> Map.of("registry", new Readiness(true, "reachable")));
        health.check("roles", () -> Map.of("feed", new Readiness(true, "releasing prompts")));

        assertThat(health.ready()).isEqualTo(new Health.Answer(200, """
                {
                  "status": "UP",
                  "checks": [
                    {"name":"feed","status":"UP","detail":"releasing prompts"},
                    {"name":"registry","status":"UP","detail":"reachable"}
                  ]
                }
                """));
    }

    @Test
    void shouldNotBeReadyWhileOneCheckIsNot() {
        health.check("cluster", () -> Map.of("registry", new Readiness(false, "no \"answer\"")));
        health.check("roles", () -> Map.of("feed", new Readiness(true, "")));

        assertThat(health.ready().status()).isEqualTo(503);
        assertThat(health.ready().json())
                .contains("\"status\": \"DOWN\"")
                .contains("{\"name\":\"registry\",\"status\":\"DOWN\",\"detail\":\"no \\\"answer\\\"\"}");
        assertThat(health.live().status()).isEqualTo(200);
    }

    @Test
    void shouldBeNeitherAliveNorReadyWhenARoleHasFailed() {
        health.check("roles", () -> Map.of("feed", new Readiness(true, "")));

        health.fail();

        assertThat(health.live().status()).isEqualTo(503);
        assertThat(health.ready().status()).isEqualTo(503);
    }
}
