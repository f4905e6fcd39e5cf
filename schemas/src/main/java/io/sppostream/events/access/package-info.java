/** Who may do what on the topics of a run: the catalogue from which ACLs, manifests and documentation are made. */
@NullMarked
package io.sppostream.events.access;

import org.jspecify.annotations.NullMarked;
