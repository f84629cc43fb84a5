//! The rules one by one. `crate::model` has them together.

use super::*;

const ME: &str = "me@h";

fn pid(node: &str, id: u32) -> OwnedPid {
    OwnedPid { node: node.into(), id, serial: 0, creation: 1 }
}

fn list(version: u64, own: u32, nodes: &[&str]) -> Event {
    let mut members = vec![(ME.into(), pid("r@h", own))];
    members.extend(nodes.iter().map(|&node| (node.into(), pid("r@h", 50))));
    Event::Members(List {
        router: pid("r@h", 1),
        version,
        route: pid("r@h", 100 + u32::try_from(version).unwrap()),
        members,
    })
}

/// The routing of a node that is linked with the router and some others.
struct OneNode {
    routing: Routing,
    clock: u64,
}

impl OneNode {
    fn new(options: &Options, nodes: &[&str]) -> Self {
        let mut node = Self { routing: Routing::new(ME.into(), options), clock: 0 };
        node.handle(Event::WorkerUp);
        node.handle(Event::Pg(nodes.iter().map(|node| pid(node, 9)).collect()));
        assert_eq!(node.handle(Event::HiddenUp("r@h".into())), [Action::Attach("r@h".into())]);
        node
    }

    fn relayed() -> Self {
        Self::new(&Options::default().via(Via::Relay), &["a@h", "b@h"])
    }

    fn handle(&mut self, event: Event) -> Vec<Action> {
        self.clock += 1;
        self.routing.handle(event, self.clock, self.clock)
    }

    fn route(&self) -> &Route {
        self.routing.route.as_ref().unwrap()
    }

    fn reaches(&self) -> (Option<u64>, Vec<&str>) {
        let choice = &self.route().choices[0];
        let version = choice.relay.as_ref().map(|relay| relay.way.version);
        (version, choice.directs.iter().map(|pid| &*pid.node).collect())
    }
}

#[test]
fn a_list_that_names_us_and_another_is_a_way() {
    let mut node = OneNode::relayed();
    assert_eq!(node.reaches(), (None, vec!["a@h", "b@h"]));
    node.handle(list(1, 2, &[]));
    assert_eq!(node.reaches(), (None, vec!["a@h", "b@h"]), "nobody else is there");
    node.handle(list(2, 2, &["a@h"]));
    assert_eq!(node.reaches(), (Some(2), vec!["b@h"]));
    node.handle(list(3, 2, &["a@h", "b@h"]));
    assert_eq!(node.reaches(), (Some(3), vec![]));
    node.handle(Event::HiddenDown("r@h".into()));
    assert_eq!(node.reaches(), (None, vec!["a@h", "b@h"]));
}

#[test]
fn the_epoch_rises_with_what_publishers_have_to_do_and_not_else() {
    let mut node = OneNode::relayed();
    node.handle(list(1, 2, &["a@h", "b@h"]));
    let epoch = node.route().epoch;
    assert_eq!(node.handle(Event::Tick), []);
    assert_eq!(node.handle(Event::PgJoin(vec![pid("a@h", 10)])), [], "it is reached through the router");
    assert_eq!(node.route().epoch, epoch);
    node.handle(Event::PgJoin(vec![pid("c@h", 9)]));
    assert!(node.route().epoch > epoch);
}

#[test]
fn a_router_is_asked_once_for_whom_it_does_not_reach() {
    let mut node = OneNode::relayed();
    let asked = |actions: Vec<Action>| {
        actions.into_iter().find_map(|action| match action {
            Action::Cover(_, nodes) => Some(nodes),
            _ => None,
        })
    };
    assert_eq!(asked(node.handle(list(1, 2, &["a@h"]))), Some(vec!["b@h".into()]));
    assert_eq!(asked(node.handle(list(2, 2, &["a@h"]))), None);
    let joined = node.handle(Event::PgJoin(vec![pid("c@h", 9)]));
    assert_eq!(asked(joined), Some(vec!["b@h".into(), "c@h".into()]));
}

#[test]
fn a_lost_router_comes_back_with_another_attachment_only() {
    let mut node = OneNode::relayed();
    node.handle(list(1, 2, &["a@h", "b@h"]));
    node.handle(Event::Lost(pid("r@h", 2)));
    assert_eq!(node.reaches().0, None);
    node.handle(list(2, 2, &["a@h", "b@h"]));
    assert_eq!(node.reaches().0, None, "an old list");
    node.handle(Event::HiddenDown("r@h".into()));
    node.handle(Event::HiddenUp("r@h".into()));
    node.handle(list(3, 3, &["a@h", "b@h"]));
    assert_eq!(node.reaches().0, Some(3));
    node.handle(Event::Lost(pid("r@h", 2)));
    assert_eq!(node.reaches().0, Some(3), "who comes late changes nothing");
}

#[test]
fn another_worker_is_attached_anew() {
    let mut node = OneNode::relayed();
    node.handle(list(1, 2, &["a@h", "b@h"]));
    let actions = node.handle(Event::WorkerUp);
    assert!(actions.contains(&Action::Attach("r@h".into())));
    node.handle(list(2, 2, &["a@h", "b@h"]));
    assert_eq!(node.reaches().0, None, "the former attachment");
    node.handle(list(3, 3, &["a@h", "b@h"]));
    assert_eq!(node.reaches().0, Some(3));
}

#[test]
fn a_router_that_leaves_is_left_and_its_attachment_stays_for_the_ends() {
    let mut node = OneNode::relayed();
    node.handle(list(1, 2, &["a@h", "b@h"]));
    let actions = node.handle(Event::Leaving(pid("r@h", 1)));
    assert!(matches!(actions.first(), Some(Action::Publish(_))), "the route first");
    assert!(actions.contains(&Action::Left("r@h".into())));
    assert_eq!(node.reaches().0, None);
    assert!(node.route().exits.contains_key(&pid("r@h", 2)));
    assert_eq!(node.handle(Event::Leaving(pid("r@h", 77))), [], "of another life");
}

#[test]
fn a_small_cluster_is_sent_to_directly_if_all_of_it_is_linked() {
    let mut node = OneNode::new(&Options::default(), &["a@h"]);
    node.handle(list(1, 2, &["a@h"]));
    assert_eq!(node.reaches(), (None, vec!["a@h"]));
    node.handle(list(2, 2, &["a@h", "b@h"]));
    assert_eq!(node.reaches(), (Some(2), vec![]), "the second one is known to the router alone");
    node.handle(Event::PgJoin(vec![pid("b@h", 9)]));
    assert_eq!(node.reaches(), (None, vec!["a@h", "b@h"]));
    node.handle(Event::PgJoin(vec![pid("c@h", 9)]));
    assert_eq!(node.reaches(), (Some(2), vec!["c@h"]), "three are not few");
}

#[test]
fn a_node_that_is_there_again_hears_again_what_it_may_have_missed() {
    let mut node = OneNode::relayed();
    node.handle(list(1, 2, &["a@h", "b@h"]));
    let epoch = node.route().epoch;
    node.handle(Event::PgLeave(vec![pid("a@h", 9)]));
    assert_eq!(node.route().epoch, epoch, "the router reaches it");
    node.handle(Event::PgJoin(vec![pid("a@h", 9)]));
    assert!(node.route().epoch > epoch, "it was reached directly a moment ago");

    let epoch = node.route().epoch;
    node.handle(Event::PgLeave(vec![pid("a@h", 9)]));
    node.clock += RECENTLY;
    node.handle(Event::PgJoin(vec![pid("a@h", 9)]));
    assert_eq!(node.route().epoch, epoch, "nobody waits for so long");
}
