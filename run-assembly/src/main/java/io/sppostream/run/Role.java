package io.sppostream.run;

import io.sppostream.run.config.RunSettings;
import java.util.EnumSet;
import java.util.Set;

/** The roles of a run, in the order in which they start: against the flow of data, so that readers start before writers. */
public enum Role {
    LEARN("learn", "advantages -> policy weights, training steps"),
    CRITIC("critic", "prompts -> values; advantages -> critic weights, training steps"),
    ADVANTAGE("advantage", "rollouts + verdicts + values -> advantages"),
    VERIFY("verify", "rollouts -> verdicts"),
    ROLLOUT("rollout", "prompts -> rollouts"),
    FEED("feed", "a dataset -> prompts");

    private final String command;
    private final String flow;

    Role(String command, String flow) {
        this.command = command;
        this.flow = flow;
    }

    /** The roles of a run: all of them, but a critic only if the estimator reads its values. */
    public static Set<Role> of(RunSettings settings) {
        return settings.hasCritic() ? EnumSet.allOf(Role.class) : EnumSet.complementOf(EnumSet.of(CRITIC));
    }

    /** The command that runs this role alone. */
    public String command() {
        return command;
    }

    /** Its inputs and outputs. */
    public String flow() {
        return flow;
    }
}
