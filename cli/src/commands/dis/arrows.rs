//! Arrows beside a listing, from jumps to where they lead.

/// Lanes beside each other; what needs more has no arrow.
const LANES: usize = 8;

/// The jumps to one row, over rows counted from 0.
struct Arrow {
    target: usize,
    sources: Vec<usize>,
    first: usize,
    last: usize,
    lane: usize,
}

/// The arrows of one code object.
pub struct Arrows {
    arrows: Vec<Arrow>,
    lanes: usize,
}

impl Arrows {
    /// From pairs of rows: that of a jump, and that where it leads.
    pub fn new(jumps: &[(usize, usize)]) -> Arrows {
        let mut arrows: Vec<Arrow> = Vec::new();
        for &(source, target) in jumps {
            match arrows.iter_mut().find(|arrow| arrow.target == target) {
                Some(arrow) => arrow.sources.push(source),
                None => arrows.push(Arrow { target, sources: vec![source], first: 0, last: 0, lane: 0 }),
            }
        }
        for arrow in &mut arrows {
            let rows = arrow.sources.iter().copied().chain([arrow.target]);
            arrow.first = rows.clone().min().unwrap_or(0);
            arrow.last = rows.max().unwrap_or(0);
        }
        // Short ones stand near the code, so that long ones pass around them.
        arrows.sort_by_key(|arrow| arrow.last - arrow.first);
        let mut placed: Vec<Arrow> = Vec::new();
        for mut arrow in arrows {
            let free = |lane: usize| {
                let mut others = placed.iter().filter(|other| other.lane == lane);
                others.all(|other| other.last < arrow.first || arrow.last < other.first)
            };
            if let Some(lane) = (0..LANES).find(|&lane| free(lane)) {
                arrow.lane = lane;
                placed.push(arrow);
            }
        }
        let lanes = placed.iter().map(|arrow| arrow.lane + 1).max().unwrap_or(0);
        Arrows { arrows: placed, lanes }
    }

    /// Columns that the arrows take.
    pub fn width(&self) -> usize {
        if self.lanes == 0 { 0 } else { self.lanes + 1 }
    }

    /// What stands beside a row.
    pub fn beside(&self, row: usize) -> String {
        let mut cells = vec![' '; self.width()];
        for arrow in &self.arrows {
            if (arrow.first..=arrow.last).contains(&row) {
                self.draw(arrow, row, &mut cells);
            }
        }
        cells.into_iter().collect()
    }

    /// What stands beside a line before a row, which is none itself.
    pub fn between(&self, row: usize) -> String {
        let mut cells = vec![' '; self.width()];
        for arrow in &self.arrows {
            if arrow.first < row && row <= arrow.last {
                cells[self.column(arrow)] = '│';
            }
        }
        cells.into_iter().collect()
    }

    fn column(&self, arrow: &Arrow) -> usize {
        self.lanes - 1 - arrow.lane
    }

    fn draw(&self, arrow: &Arrow, row: usize, cells: &mut [char]) {
        let column = self.column(arrow);
        let leads_here = row == arrow.target;
        if !leads_here && !arrow.sources.contains(&row) {
            cells[column] = if cells[column] == '─' { '┼' } else { '│' };
            return;
        }
        cells[column] = match (row == arrow.first, row == arrow.last) {
            // A jump to itself.
            (true, true) => '╶',
            (true, false) => '╭',
            (false, true) => '╰',
            (false, false) => '├',
        };
        for cell in &mut cells[column + 1..] {
            *cell = match *cell {
                ' ' | '─' => '─',
                '>' => '>',
                '│' => '┼',
                corner => corner,
            };
        }
        if leads_here && let Some(last) = cells.last_mut() {
            *last = '>';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: usize, jumps: &[(usize, usize)]) -> Vec<String> {
        let arrows = Arrows::new(jumps);
        (0..rows).map(|row| arrows.beside(row)).collect()
    }

    #[test]
    fn a_loop_and_a_way_out() {
        let expected = ["   ", " ╭>", "╭┼─", "││ ", "│╰─", "╰─>"];
        assert_eq!(drawn(6, &[(4, 1), (2, 5)]), expected);
    }

    #[test]
    fn jumps_to_one_place_share_a_lane() {
        assert_eq!(drawn(4, &[(0, 3), (1, 3)]), ["╭─", "├─", "│ ", "╰>"]);
        assert_eq!(Arrows::new(&[(0, 3), (1, 3)]).between(2), "│ ");
        assert_eq!(Arrows::new(&[(0, 3)]).between(0), "  ");
    }

    #[test]
    fn too_many_arrows_are_left_out() {
        let jumps: Vec<(usize, usize)> = (0..20).map(|i| (i, 40 - i)).collect();
        assert_eq!(Arrows::new(&jumps).width(), LANES + 1);
        assert_eq!(Arrows::new(&[]).width(), 0);
    }
}
