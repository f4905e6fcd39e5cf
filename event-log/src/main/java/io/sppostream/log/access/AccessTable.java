package io.sppostream.log.access;

import io.sppostream.events.access.AccessCatalogue;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.access.Grant;
import io.sppostream.events.access.Operation;
import io.sppostream.events.catalogue.Topics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The access catalogue as a table of the documentation. Stateless. */
public final class AccessTable {
    /** Stands for the name of the run. */
    private static final Topics TOPICS = new Topics("RUN", 1);

    private AccessTable() {}

    /** A row for each role and kind of resource, in Markdown. */
    public static String markdown() {
        StringBuilder table = new StringBuilder("| role | resource | permissions |\n|---|---|---|\n");
        for (AccessRole role : AccessRole.values()) {
            String name = "**" + role.id() + "**<br>" + code(role.programs());
            for (Grant.Kind kind : Grant.Kind.values()) {
                Map<Set<Operation>, List<String>> byOperations = new LinkedHashMap<>();
                for (Grant grant : AccessCatalogue.of(role, TOPICS)) {
                    if (grant.kind() == kind) {
                        byOperations
                                .computeIfAbsent(grant.operations(), unused -> new ArrayList<>())
                                .add("`" + shortName(grant) + "`");
                    }
                }
                if (!byOperations.isEmpty()) {
                    table.append("| ")
                            .append(name)
                            .append(" | ")
                            .append(kind.id())
                            .append(" | ")
                            .append(String.join(
                                    "<br>",
                                    byOperations.entrySet().stream()
                                            .map(AccessTable::cell)
                                            .toList()))
                            .append(" |\n");
                    name = "";
                }
            }
        }
        return table.toString();
    }

    private static String cell(Map.Entry<Set<Operation>, List<String>> granted) {
        return String.join(", ", granted.getKey().stream().map(Operation::id).toList()) + ": "
                + String.join(", ", granted.getValue());
    }

    /** Commands are code, words are not. */
    private static String code(String programs) {
        int comma = programs.indexOf(',');
        String first = comma < 0 ? programs : programs.substring(0, comma);
        return first.startsWith("./") ? "`" + first + "`" + (comma < 0 ? "" : programs.substring(comma)) : programs;
    }

    /** A topic without the run's name and the version; a prefix with an asterisk. */
    private static String shortName(Grant grant) {
        String name = grant.name().replaceFirst("^RUN\\.", "").replaceFirst("\\.v1(?=$|\\.)", "");
        return grant.kind() == Grant.Kind.TOPIC && !grant.isPrefix()
                ? name
                : "RUN." + name + (grant.isPrefix() ? "*" : "");
    }
}
